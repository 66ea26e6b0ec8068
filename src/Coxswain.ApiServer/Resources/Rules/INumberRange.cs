namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The numbers a pool gives out, and how they are written.</summary>
internal interface INumberRange
{
    long First { get; }

    long Last { get; }

    /// <summary>What lies below is given out by itself only when nothing else is left.</summary>
    long FirstAutomatic { get; }

    string Text(long number);

    /// <summary>False for what is no number of the range.</summary>
    bool TryParse(string text, out long number);
}
