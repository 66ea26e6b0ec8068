namespace Coxswain.Engine;

/// <summary>The engine could not do what was asked. The family of everything this project throws on purpose.</summary>
public class EngineException : Exception
{
    public EngineException(string message)
        : base(message)
    {
    }

    public EngineException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Another engine has the directories, the bridge or another thing that only one can have.</summary>
public sealed class EngineInUseException(string message) : EngineException(message);
