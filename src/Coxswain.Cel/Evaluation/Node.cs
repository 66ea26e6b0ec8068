namespace Coxswain.Cel.Evaluation;

/// <summary>A part of an expression, ready to be evaluated as often as wanted, by many at once.</summary>
internal abstract class Node
{
    /// <returns>A value, which may be an error.</returns>
    public abstract object Evaluate(Frame frame);
}
