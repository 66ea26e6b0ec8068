using Coxswain.Engine.Builder;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Tests.Images;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Tests.Builder;

/// <summary>A context directory and what building it reported.</summary>
internal sealed class TestBuild(TestImages images, string name = "context")
{
    public string Context { get; } = images.NewDirectory(name);

    public EventLog Log { get; } = new();

    public TestBuild File(string path, string content, uint? mode = null)
    {
        var full = Path.Combine(Context, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!); // It is below the context.
        System.IO.File.WriteAllText(full, content);
        if (mode is { } given)
        {
            FileMetadata.ChangeMode(full, given);
        }

        return this;
    }

    public Task<Image> RunAsync(string dockerfile, Func<BuildOptions, BuildOptions>? change = null)
    {
        Log.Events.Clear();
        var options = new BuildOptions { ContextDirectory = Context, DockerfileText = dockerfile, Tags = ["test/app:1"] };
        return images.Engine.Builder.BuildAsync(change?.Invoke(options) ?? options, Log, TestImages.Timeout);
    }

    /// <summary>The merged files of an image.</summary>
    public async Task<MergedTree> TreeAsync(Image image) =>
        new(await images.Store.PrepareLayersAsync(image, TestImages.Timeout));

    public async Task<string> ReadAsync(Image image, string path)
    {
        var node = (await TreeAsync(image)).Find(path);
        Assert.True(node is not null, $"{path} is not in the image");
        return await System.IO.File.ReadAllTextAsync(node.FilePath);
    }
}

internal sealed class EventLog : IProgress<BuildEvent>
{
    public List<BuildEvent> Events { get; } = [];

    /// <summary>For each step what happened: <c>CACHED</c> or <c>DONE</c>, by the step's name.</summary>
    public IReadOnlyList<string> Steps => [.. Events.OfType<BuildStepStarted>().Where(step => step.Name[0] == '[' && !step.Name.StartsWith("[internal]"))
        .Select(step => (Events.OfType<BuildStepCached>().Any(cached => cached.Step == step.Step) ? "CACHED " : "DONE ") + step.Name)];

    public IEnumerable<string> Output => Events.OfType<BuildStepOutput>().Select(line => line.Line);

    public void Report(BuildEvent value) => Events.Add(value);
}
