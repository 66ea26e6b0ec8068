using System.Text;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>Reads what a step says line by line. A line without an end comes in parts.</summary>
internal static class StepLines
{
    /// <summary>Characters of a line that are held.</summary>
    internal const int MostCharacters = 64 * 1024;

    private const int BufferLength = 4096;

    /// <summary>To the stream's end, which comes with that of the step's last process.</summary>
    public static async Task ReadAsync(Stream stream, Action<string> output)
    {
        using var reader = new StreamReader(stream);
        var buffer = new char[BufferLength];
        var line = new StringBuilder();
        var last = '\0';
        var isCut = false;
        while (await reader.ReadAsync(buffer, CancellationToken.None) is > 0 and var count)
        {
            for (var i = 0; i < count; i++)
            {
                var character = buffer[i];

                // "\r", "\n" and both together end a line.
                if (character is '\n' or '\r')
                {
                    if (!(character == '\n' && last == '\r') && !(isCut && line.Length == 0))
                    {
                        Put();
                    }

                    isCut = false;
                }
                else
                {
                    line.Append(character);
                    if (line.Length == MostCharacters)
                    {
                        Put();
                        isCut = true;
                    }
                }

                last = character;
            }
        }

        if (line.Length > 0)
        {
            Put();
        }

        void Put()
        {
            output(line.ToString());
            line.Clear();
        }
    }
}
