using System.Security.Cryptography;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Tests.Containers;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Tests.Images;

/// <summary>A real store and builder over a directory of their own, gone afterwards.</summary>
internal sealed class TestImages : IAsyncDisposable
{
    private const string Prefix = "coxswain-images-";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TestImages(string directory)
    {
        Directory = directory;
        Options = new EngineOptions
        {
            DataDirectory = Path.Combine(directory, "data"),
            RunDirectory = Path.Combine(directory, "run"),
            CgroupParent = "/" + Path.GetFileName(directory),
        };
    }

    public string Directory { get; }

    public EngineOptions Options { get; }

    public ImageEngine Engine { get; private set; } = null!; // Set by OpenAsync, the only way to get one.

    public ImageStore Store => Engine.Store;

    public static CancellationToken Timeout => new CancellationTokenSource(Patience).Token;

    public static async Task<TestImages> OpenAsync()
    {
        Sweep();
        var name = $"{Prefix}{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
        var test = new TestImages(Path.Combine(Path.GetTempPath(), name));
        System.IO.Directory.CreateDirectory(test.Directory);
        await test.ReopenAsync();
        return test;
    }

    public async Task ReopenAsync()
    {
        Engine?.Dispose();
        Engine = await ImageEngine.OpenAsync(Options, TimeProvider.System, network: null, Timeout);
    }

    /// <summary>A second process' view of the same store.</summary>
    public Task<ImageEngine> OpenAnotherAsync() => ImageEngine.OpenAsync(Options, TimeProvider.System, network: null, Timeout);

    /// <summary>An image of busybox, with users root and app.</summary>
    public async Task<Image> AddBusyboxAsync(string tag = "busybox")
    {
        using var tar = new MemoryStream();
        LayerTarWriter.Write(BusyboxLayer.Directory, tar, Timeout);
        tar.Position = 0;
        return await Engine.Importer.ImportAsync(tar, tag, new ContainerConfig { Cmd = ["sh"] }, "", Timeout);
    }

    public string NewDirectory(string name)
    {
        var path = Path.Combine(Directory, name);
        System.IO.Directory.CreateDirectory(path);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Engine.Dispose();
        await new KernelCgroups(TimeProvider.System).RemoveAsync(Options.CgroupParent, Timeout);
        TreeRemover.Remove(Directory);
    }

    /// <summary>Removes what killed runs left.</summary>
    private static void Sweep()
    {
        var mounts = new KernelMounts();
        foreach (var old in System.IO.Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(old)[Prefix.Length..].Split('-')[0];
            if (!System.IO.Directory.Exists("/proc/" + owner))
            {
                mounts.UnmountBelow(old);
                TreeRemover.Remove(old);
            }
        }
    }
}
