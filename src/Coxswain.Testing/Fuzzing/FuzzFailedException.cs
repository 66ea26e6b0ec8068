namespace Coxswain.Testing.Fuzzing;

/// <summary>An input met a fault; the message holds the input and how to replay it.</summary>
public sealed class FuzzFailedException(string message, Exception inner) : Exception(message, inner);
