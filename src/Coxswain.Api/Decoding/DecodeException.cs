namespace Coxswain.Api.Decoding;

/// <summary>A value has another type than its field; the message is the one Go's decoder gives.</summary>
internal sealed class DecodeException(string message) : Exception(message);
