using System.Globalization;
using System.Text;

namespace Coxswain.Api.Errors;

/// <summary>Where a walk over a document stands; the text is made only when an error needs it.</summary>
internal sealed class FieldPath
{
    private readonly List<(string? Name, int Index, bool IsKey)> _steps = new(16);

    public void Push(string name) => _steps.Add((name, 0, false));

    public void Push(int index) => _steps.Add((null, index, false));

    /// <summary>A key of a map, which is written in brackets.</summary>
    public void PushKey(string key) => _steps.Add((key, 0, true));

    public void Pop() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary><c>spec.containers[0].image</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, index, isKey) in _steps)
        {
            if (isKey)
            {
                text.Append('[').Append(name).Append(']');
            }
            else if (name is null)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{index}]");
            }
            else
            {
                text.Append(text.Length == 0 ? "" : ".").Append(name);
            }
        }

        return text.ToString();
    }
}
