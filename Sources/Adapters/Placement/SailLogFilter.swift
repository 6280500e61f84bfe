/// Keeps confidential values out of what Sail writes: shell functions for the script of its container.
///
/// A stream editor beside Sail replaces each value, and of those that span several lines each line of at least four
/// characters, by `***`. Its commands are made from the environment inside the container, so no value is in the manifest.
enum SailLogFilter {
    /// The variables whose values are masked, by name, separated by spaces.
    static let namesEnvironment = PodNaming.confidentialEnvironment

    /// `mask` starts the filter, which reads the named pipe `$folder/log`; `leave CODE` ends the script once the filter has
    /// written all it was given, or after 2 s.
    ///
    /// The longest values go first, since one may be part of another. Without its tools the filter drops what it reads: a
    /// log that cannot be filtered is not shown.
    static let definition = #"""
        mask() {
          folder=`mktemp -d` && mkfifo "$folder/log" || exit 70
          for name in $\#(namesEnvironment); do printenv "$name"; done |
            sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^.\{0,3\}$/d' |
            awk '{ print length($0) " " $0 }' | sort -rn | cut -d ' ' -f 2- |
            sed -e 's/[][\\.*^$/]/\\&/g' -e 's/.*/s\/&\/***\/g/' >"$folder/values"
          tools=yes
          for tool in printenv sed awk sort cut; do command -v $tool >/dev/null 2>&1 || tools=; done
          unbuffered=-u
          sed -u p </dev/null >/dev/null 2>&1 || unbuffered=
          { trap '' TERM INT; [ -n "$tools" ] && sed $unbuffered -f "$folder/values" || cat >/dev/null; } <"$folder/log" &
          filter=$!
        }
        leave() {
          if [ -n "$filter" ]; then
            for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
              kill -0 $filter 2>/dev/null || break
              sleep 0.1
            done
            rm -rf "$folder"
          fi
          exit $1
        }
        """#
}
