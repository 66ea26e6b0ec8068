namespace Coxswain.Cel.Syntax;

/// <summary>A node of a parsed expression. Nodes are told apart by reference, so that what is found out about one can be kept beside the tree.</summary>
/// <param name="position">Where it stands in the source, in characters.</param>
internal abstract class Expr(int position)
{
    public int Position { get; } = position;
}
