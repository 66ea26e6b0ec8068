namespace Coxswain.Api.Apply;

/// <summary>Collects paths as a walk finds them; paths that follow one another share what they begin with.</summary>
internal sealed class FieldSetBuilder
{
    private readonly Node _root = new("");
    private readonly List<Node> _last = [];

    public void Insert(List<string> path)
    {
        var common = 0;
        while (common < _last.Count && common < path.Count && _last[common].Element == path[common])
        {
            common++;
        }

        _last.RemoveRange(common, _last.Count - common);
        for (var i = common; i < path.Count; i++)
        {
            var node = new Node(path[i]);
            ((i == 0 ? _root : _last[i - 1]).Children ??= []).Add(node);
            _last.Add(node);
        }

        if (path.Count > 0)
        {
            _last[^1].IsMember = true;
        }
    }

    public FieldSet Build() => Build(_root.Children);

    private static FieldSet Build(List<Node>? nodes) => nodes is null ? FieldSet.Empty : FieldSet.Sorted(
        nodes.ConvertAll(node => new FieldSet.Entry(node.Element, node.IsMember, node.Children is null ? null : Build(node.Children))));

    private sealed class Node(string element)
    {
        public string Element { get; } = element;

        public bool IsMember { get; set; }

        public List<Node>? Children { get; set; }
    }
}
