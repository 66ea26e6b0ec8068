namespace Coxswain.Cel.Evaluation;

/// <summary>One evaluation: the variables, the places of what folds introduce, and what it has cost.</summary>
internal sealed class Frame(Func<string, object?> variables, int slots, long costLimit)
{
    public object[] Slots { get; } = new object[slots];

    public long Cost { get; private set; }

    public object? Variable(string name) => variables(name);

    /// <exception cref="CostExceededException">It costs more than it may.</exception>
    public void Charge(long cost)
    {
        Cost += cost;
        if (Cost > costLimit)
        {
            throw new CostExceededException();
        }
    }
}
