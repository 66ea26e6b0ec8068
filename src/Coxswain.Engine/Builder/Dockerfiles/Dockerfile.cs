namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>A parsed Dockerfile.</summary>
/// <param name="GlobalArguments">The ARGs before the first FROM: only FROM lines see them, and stages that declare them again.</param>
internal sealed record Dockerfile(
    char Escape, IReadOnlyList<ArgInstruction> GlobalArguments, IReadOnlyList<DockerfileStage> Stages)
{
    /// <summary>Reads a whole Dockerfile.</summary>
    /// <exception cref="DockerfileException">It cannot be understood.</exception>
    public static Dockerfile Parse(string text)
    {
        var lines = DockerfileLines.Read(text);
        var arguments = new List<ArgInstruction>();
        var stages = new List<DockerfileStage>();
        List<Instruction>? current = null;
        foreach (var line in lines.Lines)
        {
            var instruction = InstructionParser.Parse(line, lines.Escape);
            if (instruction is FromInstruction from)
            {
                if (from.Name.Length > 0 && stages.Any(stage => stage.From.Name == from.Name))
                {
                    throw new DockerfileException(from.Line, $"duplicate name {from.Name}");
                }

                current = [];
                stages.Add(new DockerfileStage(stages.Count, from, current));
            }
            else if (current is not null)
            {
                current.Add(instruction);
            }
            else if (instruction is ArgInstruction argument)
            {
                arguments.Add(argument);
            }
            else
            {
                throw new DockerfileException(
                    instruction.Line, "no build stage in current context: a Dockerfile begins with FROM (only ARG may come before)");
            }
        }

        return stages.Count > 0
            ? new Dockerfile(lines.Escape, arguments, stages)
            : throw new DockerfileException(1, "file with no instructions: a Dockerfile begins with FROM");
    }
}

internal sealed record DockerfileStage(int Index, FromInstruction From, IReadOnlyList<Instruction> Instructions)
{
    /// <summary>What progress calls it.</summary>
    public string DisplayName => From.Name.Length > 0 ? From.Name : $"stage-{Index}";
}
