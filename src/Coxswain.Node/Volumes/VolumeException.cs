namespace Coxswain.Node.Volumes;

/// <summary>A volume could not be set up: the words of a FailedMount event.</summary>
internal sealed class VolumeException(string message, Exception? cause = null) : Exception(message, cause);
