namespace Coxswain.Store.Tree;

/// <summary>What a put leaves in a node's place: one node, or two with the low key of the second.</summary>
internal readonly record struct TreeSplit(TreeNode Left, TreeNode? Right = null, string? RightLow = null);
