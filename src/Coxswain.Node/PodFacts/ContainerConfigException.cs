namespace Coxswain.Node.PodFacts;

/// <summary>The pod asks for something that is not there (a ConfigMap, a key) or may not be: <c>CreateContainerConfigError</c>.</summary>
internal sealed class ContainerConfigException(string message, Exception? cause = null) : Exception(message, cause);
