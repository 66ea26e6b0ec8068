namespace Coxswain.Api.Scalars;

/// <summary>An integer or a string, such as a port by number or name, or a count or percentage.</summary>
public readonly record struct IntOrString
{
    private readonly string? _string;

    public IntOrString(int value) => IntValue = value;

    public IntOrString(string value) => _string = value;

    public bool IsString => _string is not null;

    /// <summary>The number; 0 when this is a string.</summary>
    public int IntValue { get; }

    /// <summary>The string; empty when this is a number.</summary>
    public string StringValue => _string ?? "";

    /// <summary>Nobody set it: the number 0.</summary>
    public bool IsEmpty => _string is null && IntValue == 0;

    public static implicit operator IntOrString(int value) => new(value);

    public static implicit operator IntOrString(string value) => new(value);

    /// <summary>
    /// The number, or the percentage of <paramref name="total"/> the string names (<c>25%</c>), rounded up or down.
    /// </summary>
    /// <exception cref="FormatException">The string is not a percentage.</exception>
    public int Scale(int total, bool roundUp)
    {
        if (_string is null)
        {
            return IntValue;
        }

        if (!_string.EndsWith('%') || !int.TryParse(_string.AsSpan(0, _string.Length - 1), out var percent))
        {
            throw new FormatException($"\"{_string}\" is neither a number nor a percentage");
        }

        var scaled = (long)percent * total;
        return (int)((roundUp ? scaled + 99 : scaled) / 100);
    }

    public override string ToString() => _string ?? IntValue.ToString();
}
