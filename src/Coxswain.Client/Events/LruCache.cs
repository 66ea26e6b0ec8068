using System.Diagnostics.CodeAnalysis;

namespace Coxswain.Client.Events;

/// <summary>A bounded map that forgets what was not used for longest.</summary>
internal sealed class LruCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = new();

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_nodes.TryGetValue(key, out var node))
        {
            value = default;
            return false;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        value = node.Value.Value;
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        if (_nodes.Remove(key, out var old))
        {
            _order.Remove(old);
        }
        else if (_nodes.Count == capacity && _order.Last is { } last)
        {
            _nodes.Remove(last.Value.Key);
            _order.RemoveLast();
        }

        _nodes[key] = _order.AddFirst((key, value));
    }
}
