using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Changes how an image runs by instructions outside of a build, as <c>docker commit --change</c> does.</summary>
public static class ConfigInstructions
{
    /// <exception cref="BuildException">One of them is none that changes how an image runs.</exception>
    /// <exception cref="DockerfileException">One of them cannot be understood.</exception>
    public static ContainerConfig Apply(ContainerConfig config, IReadOnlyList<string> instructions)
    {
        var dockerfile = Dockerfile.Parse("FROM scratch\n" + string.Join('\n', instructions));
        var arguments = new BuildArguments(dockerfile, new Dictionary<string, string>());
        var state = new StageState(new ImageConfiguration()) { Config = config };
        foreach (var instruction in dockerfile.Stages[0].Instructions)
        {
            if (instruction is RunInstruction or CopyInstruction or WorkdirInstruction or ArgInstruction or OnBuildInstruction)
            {
                state.Config = instruction is WorkdirInstruction workdir
                    ? state.Config with { WorkingDir = workdir.Path }
                    : throw new BuildException($"{instruction.Text}: only what changes how an image runs is allowed here");
                continue;
            }

            ConfigSteps.Apply(state, instruction, dockerfile.Escape, arguments);
        }

        return state.Config;
    }
}
