using System.Text;
using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <param name="Documents">The here-documents that follow it.</param>
internal sealed record LogicalLine(int Number, string Text, IReadOnlyList<HereDocument> Documents);

/// <summary>Cuts a Dockerfile into instructions: directives, comments, continued lines, here-documents.</summary>
internal sealed partial class DockerfileLines
{
    private readonly string[] _lines;
    private int _next;

    private DockerfileLines(string text)
    {
        _lines = text.TrimStart('\uFEFF').Split('\n');
        for (var i = 0; i < _lines.Length; i++)
        {
            _lines[i] = _lines[i].TrimEnd('\r');
        }
    }

    public char Escape { get; private set; } = '\\';

    public List<LogicalLine> Lines { get; } = [];

    public static DockerfileLines Read(string text)
    {
        var lines = new DockerfileLines(text);
        lines.ReadDirectives();
        while (lines.ReadInstruction() is { } line)
        {
            lines.Lines.Add(line);
        }

        return lines;
    }

    private void ReadDirectives()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (_next < _lines.Length && DirectivePattern().Match(_lines[_next]) is { Success: true } match)
        {
            var name = match.Groups[1].Value.ToLowerInvariant();
            if (name is not ("escape" or "syntax" or "check"))
            {
                return;
            }

            if (!seen.Add(name))
            {
                throw new DockerfileException(_next + 1, $"only one {name} parser directive can be used");
            }

            var value = match.Groups[2].Value;
            if (name == "escape")
            {
                Escape = value is "\\" or "`"
                    ? value[0]
                    : throw new DockerfileException(_next + 1, $"invalid escape token '{value}': it must be \\ or `");
            }

            _next++;
        }
    }

    private LogicalLine? ReadInstruction()
    {
        while (_next < _lines.Length && IsIgnored(_lines[_next]))
        {
            _next++;
        }

        if (_next == _lines.Length)
        {
            return null;
        }

        var number = _next + 1;
        var text = new StringBuilder();
        var line = _lines[_next++].TrimStart();
        while (TryContinue(line, out var part))
        {
            text.Append(part);
            while (_next < _lines.Length && IsIgnored(_lines[_next]))
            {
                // Comments and empty lines may stand between the parts of an instruction.
                _next++;
            }

            if (_next == _lines.Length)
            {
                line = "";
                break;
            }

            line = _lines[_next++];
        }

        text.Append(line);
        var whole = text.ToString().TrimEnd();
        return new LogicalLine(number, whole, ReadDocuments(number, whole));
    }

    /// <summary>Whether a line goes on: it ends with the escape character, which is not itself escaped.</summary>
    private bool TryContinue(string line, out string part)
    {
        var trimmed = line.AsSpan().TrimEnd(" \t");
        if (trimmed.Length > 0 && trimmed[^1] == Escape && (trimmed.Length == 1 || trimmed[^2] != Escape))
        {
            part = trimmed[..^1].ToString();
            return true;
        }

        part = line;
        return false;
    }

    private List<HereDocument> ReadDocuments(int number, string instruction)
    {
        var documents = new List<HereDocument>();
        if (!TakesDocuments().IsMatch(instruction))
        {
            return documents;
        }

        foreach (var word in Words.Split(instruction, Escape))
        {
            if (DocumentPattern().Match(word) is { Success: true } match)
            {
                var quoted = match.Groups["quote"].Length > 0;
                var name = match.Groups["name"].Value;
                documents.Add(new HereDocument(name, ReadBody(number, name, match.Groups["dash"].Length > 0), !quoted));
            }
        }

        return documents;
    }

    private string ReadBody(int number, string name, bool stripTabs)
    {
        var body = new StringBuilder();
        while (_next < _lines.Length)
        {
            var line = _lines[_next++];
            line = stripTabs ? line.TrimStart('\t') : line;
            if (line == name)
            {
                return body.ToString();
            }

            body.Append(line).Append('\n');
        }

        throw new DockerfileException(number, $"unterminated heredoc: no line {name}");
    }

    private static bool IsIgnored(string line)
    {
        var trimmed = line.AsSpan().TrimStart();
        return trimmed.Length == 0 || trimmed[0] == '#';
    }

    [GeneratedRegex(@"^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")]
    private static partial Regex DirectivePattern();

    [GeneratedRegex(@"^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", RegexOptions.IgnoreCase)]
    private static partial Regex TakesDocuments();

    [GeneratedRegex(@"^\d*<<(?<dash>-?)(?<quote>[""']?)(?<name>[A-Za-z_][A-Za-z0-9_.-]*)\k<quote>$")]
    public static partial Regex DocumentPattern();
}
