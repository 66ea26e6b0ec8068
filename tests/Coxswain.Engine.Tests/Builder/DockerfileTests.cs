using Coxswain.Engine.Builder.Dockerfiles;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Engine.Tests.Builder;

public sealed class DockerfileTests
{
    [Fact]
    public void Parse_ContinuedLinesAndComments_AreOneInstruction()
    {
        var stage = Dockerfile.Parse("""
            # a comment
            FROM debian:jessie AS Build

            RUN apt-get update && \
                # in between

                apt-get install -y nginx \
                && true
            CMD echo \\
            """).Stages.Single();

        Assert.Equal("build", stage.From.Name);
        var run = Assert.IsType<RunInstruction>(stage.Instructions[0]);
        Assert.Equal(4, run.Line);
        Assert.Equal(["apt-get update &&     apt-get install -y nginx     && true"], run.Command.Words);
        Assert.Equal([@"echo \\"], Assert.IsType<CmdInstruction>(stage.Instructions[1]).Command.Words);
    }

    [Fact]
    public void Parse_EscapeDirective_ChangesTheContinuation()
    {
        var stage = Dockerfile.Parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir c:\\ `\n  d:\\\n").Stages.Single();

        Assert.Equal([@"dir c:\   d:\"], Assert.IsType<RunInstruction>(stage.Instructions[0]).Command.Words);
    }

    [Fact]
    public void Parse_BothFormsOfEnvAndLabel_GivePairs()
    {
        var stage = Dockerfile.Parse("FROM a\nENV LISTEN_URL 0.0.0.0:8181 and more\nENV A=\"b c\" D=e\\ f\nLABEL x=1 'y z'=2").Stages.Single();

        Assert.Equal([new("LISTEN_URL", "0.0.0.0:8181 and more")], Assert.IsType<EnvInstruction>(stage.Instructions[0]).Pairs);
        Assert.Equal([new("A", "\"b c\""), new("D", "e\\ f")], Assert.IsType<EnvInstruction>(stage.Instructions[1]).Pairs);
        Assert.Equal([new("x", "1"), new("'y z'", "2")], Assert.IsType<LabelInstruction>(stage.Instructions[2]).Pairs);
    }

    [Fact]
    public void Parse_CopyFlagsAndJson_AreUnderstood()
    {
        var stage = Dockerfile.Parse("FROM a\nCOPY --from=0 --chown=app:app --chmod=755 --link a b /c/\nADD [\"my file\", \"/x y/\"]\n").Stages.Single();

        var copy = Assert.IsType<CopyInstruction>(stage.Instructions[0]);
        Assert.Equal(("0", "app:app", "755", "/c/", false), (copy.From, copy.Owner, copy.Mode, copy.Destination, copy.IsAdd));
        Assert.Equal(["a", "b"], copy.Sources);
        var add = Assert.IsType<CopyInstruction>(stage.Instructions[1]);
        Assert.True(add.IsAdd);
        Assert.Equal(["my file"], add.Sources);
        Assert.Equal("/x y/", add.Destination);
    }

    [Fact]
    public void Parse_HereDocuments_BelongToTheirInstruction()
    {
        var stage = Dockerfile.Parse("FROM a\nCOPY <<one.txt <<-\"two\" /d/\nfirst $X\none.txt\n\tsecond\n\ttwo\nRUN python3 <<EOF\nprint(1)\nEOF\nUSER x\n").Stages.Single();

        var copy = Assert.IsType<CopyInstruction>(stage.Instructions[0]);
        Assert.Equal([new("one.txt", "first $X\n", true), new("two", "second\n", false)], copy.Documents);
        Assert.Equal(["python3 <<EOF\nprint(1)\nEOF\n"], Assert.IsType<RunInstruction>(stage.Instructions[1]).Command.Words);
        Assert.IsType<UserInstruction>(stage.Instructions[2]);
    }

    [Fact]
    public void Parse_HealthCheck_ReadsDurations()
    {
        var stage = Dockerfile.Parse("FROM a\nHEALTHCHECK --interval=1m30s --timeout=500ms --retries=2 CMD [\"curl\", \"x\"]\nHEALTHCHECK NONE\n").Stages.Single();

        var check = Assert.IsType<HealthCheckInstruction>(stage.Instructions[0]);
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromMilliseconds(500), 2), (check.Interval!.Value, check.Timeout!.Value, check.Retries!.Value));
        Assert.Equal(["curl", "x"], check.Command!.Words);
        Assert.Null(Assert.IsType<HealthCheckInstruction>(stage.Instructions[1]).Command);
    }

    [Theory]
    [InlineData("", 1, "begins with FROM")]
    [InlineData("RUN x\nFROM a", 1, "no build stage in current context")]
    [InlineData("FROM a\n\nRNU x", 3, "unknown instruction: RNU (did you mean RUN?)")]
    [InlineData("FROM a\nENTRYPIONT x", 2, "did you mean ENTRYPOINT?")]
    [InlineData("FROM a\nXYZZYPLUGH x", 2, "unknown instruction: XYZZYPLUGH")]
    [InlineData("FROM a b", 1, "either one or three arguments")]
    [InlineData("FROM a AS 1x", 1, "invalid name for build stage")]
    [InlineData("FROM a AS x\nFROM b AS X", 2, "duplicate name x")]
    [InlineData("FROM a\nCOPY x", 2, "at least two arguments")]
    [InlineData("FROM a\nCOPY --form=x a b", 2, "unknown flag: --form (did you mean --from?)")]
    [InlineData("FROM a\nENV x", 2, "must have two arguments")]
    [InlineData("FROM a\nENV x=1 y", 2, "can't find = in \"y\"")]
    [InlineData("FROM a\nSHELL bash", 2, "JSON form")]
    [InlineData("FROM a\nONBUILD FROM b", 2, "isn't allowed as an ONBUILD trigger")]
    [InlineData("FROM a\nHEALTHCHECK --interval=soon CMD x", 2, "invalid duration")]
    [InlineData("FROM a\nRUN <<EOF\nx\n", 2, "unterminated heredoc")]
    [InlineData("# escape=x\nFROM a", 1, "invalid escape token")]
    [InlineData("FROM a\nRUN --mount=type=secret,id=x y", 2, "type=secret is not supported")]
    [InlineData("FROM a\n\nRUN --mount=type=cache,target=/x,from=b y", 3, "with \"from\" is not supported")]
    [InlineData("FROM a\nRUN --mount=type=cache,target=/x,sharing=odd y", 2, "none of shared, private and locked")]
    [InlineData("FROM a\nRUN --mount=type=cache,target=/x,mode=9 y", 2, "is not a number")]
    [InlineData("FROM a\nRUN --mount=type=cache,target=/x,ro=maybe y", 2, "neither true nor false")]
    [InlineData("FROM a\nCOPY --parents=perhaps a b", 2, "neither true nor false")]
    [InlineData("FROM a\nADD --parents a b", 2, "unknown flag: --parents")]
    public void Parse_Mistake_NamesLineAndProblem(string text, int line, string problem)
    {
        var failure = Assert.Throws<DockerfileException>(() => Dockerfile.Parse(text));

        Assert.Equal(line, failure.Line);
        Assert.Contains(problem, failure.Message);
    }

    [Fact]
    public void Parse_AnyText_ParsesOrSaysWhatIsWrong()
    {
        var fragments = Gen.Elements(
            "FROM", "RUN", "COPY", "ADD", "ENV", "ARG", "LABEL", "ONBUILD", "HEALTHCHECK", "SHELL", "VOLUME", "EXPOSE", " ", "\n",
            "\\", "\"", "'", "=", "[", "]", "{", "}", "$", "${", ":-", "<<EOF", "EOF", "--from=", "--mount=", "#", "a", "/", "é", "\t", ",", "\0", "AS",
            "--exclude=", "--parents", "#", "%", "//", "type=cache,target=/", "sharing=");
        var texts = Gen.ArrayOf(fragments).Select(string.Concat);

        Prop.ForAll(Arb.From(texts), text =>
        {
            try
            {
                foreach (var stage in Dockerfile.Parse("FROM a\n" + text).Stages)
                {
                    foreach (var env in stage.Instructions.OfType<EnvInstruction>().SelectMany(instruction => instruction.Pairs))
                    {
                        new Expander('\\', _ => "v", 1).Word(env.Value);
                    }
                }
            }
            catch (DockerfileException)
            {
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60));
    }
}
