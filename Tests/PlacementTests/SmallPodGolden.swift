enum SmallPodGolden {
    static let text = ""
}
