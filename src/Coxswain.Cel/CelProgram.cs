using Coxswain.Cel.Evaluation;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel;

/// <summary>A compiled expression. Immutable: any number of evaluations may run at once.</summary>
public sealed class CelProgram
{
    private readonly Node _root;
    private readonly int _slots;

    internal CelProgram(Node root, int slots, CelType type)
    {
        _root = root;
        _slots = slots;
        Type = type;
    }

    /// <summary>Of what it gives.</summary>
    public CelType Type { get; }

    /// <param name="variables">The value of a variable that was declared; null when it has none now.</param>
    /// <param name="costLimit">Ends it when it costs more, so that no expression takes long.</param>
    public CelResult Evaluate(Func<string, object?> variables, long costLimit)
    {
        var frame = new Frame(variables, _slots, costLimit);
        try
        {
            return new CelResult(_root.Evaluate(frame), frame.Cost, IsTooCostly: false);
        }
        catch (CostExceededException)
        {
            return new CelResult(new CelError("operation cancelled: actual cost limit exceeded"), frame.Cost, IsTooCostly: true);
        }
    }
}
