using System.Text;

namespace Coxswain.Network.Ingresses;

/// <summary>
/// Writes nginx's language and remembers for whom each line was written, so that what nginx says about a line can be said about
/// the Ingress that wanted it.
/// </summary>
internal sealed class NginxText
{
    private readonly StringBuilder _text = new();
    private readonly List<string?> _owners = [];
    private int _depth;

    /// <summary>The key of the Ingress that the next lines are for; null for all.</summary>
    public string? Owner { get; set; }

    public void Line(string line)
    {
        _text.Append(' ', _depth * 4).Append(line).Append('\n');
        _owners.Add(Owner);
    }

    public void Open(string line)
    {
        Line(line + " {");
        _depth++;
    }

    public void Close()
    {
        _depth--;
        Line("}");
    }

    /// <summary>For whom a line, counted from 1, was written; null for nobody alone.</summary>
    public string? OwnerOf(int line) => line >= 1 && line <= _owners.Count ? _owners[line - 1] : null;

    public override string ToString() => _text.ToString();

    /// <summary>A string that nginx takes as it is, but for its variables.</summary>
    public static string Quote(string value) => $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
