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
