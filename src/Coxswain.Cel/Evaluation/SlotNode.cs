namespace Coxswain.Cel.Evaluation;

internal sealed class SlotNode(int slot) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        return frame.Slots[slot];
    }
}
