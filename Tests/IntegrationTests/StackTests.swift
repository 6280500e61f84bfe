import Testing

/// What one process of each kind does for its users.
@Suite(.stack, .explained, .timeLimit(.minutes(4))) struct StackTests {}
