namespace Coxswain.Node.Streaming.Commands;

/// <summary>Which streams of a command a client wants.</summary>
internal sealed record CommandOptions(bool Stdin, bool Stdout, bool Stderr, bool Tty);
