namespace Coxswain.CommandLine;

/// <summary>Standard output and error: the one place that touches the console.</summary>
internal static class Terminal
{
#pragma warning disable RS0030 // Only the command line writes to the console, and only here.
    public static TextWriter Out => Console.Out;

    public static TextWriter Error => Console.Error;

    /// <summary>Sends what goes to standard error somewhere else; null leaves it.</summary>
    public static void ReplaceError(TextWriter? writer)
    {
        if (writer is not null)
        {
            Console.SetError(writer);
        }
    }

    public static Stream OpenOutput() => Console.OpenStandardOutput();

    public static Stream OpenError() => Console.OpenStandardError();

    public static Stream OpenInput() => Console.OpenStandardInput();
#pragma warning restore RS0030
}
