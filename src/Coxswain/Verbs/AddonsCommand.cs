using System.CommandLine;
using Coxswain.Addons;
using Coxswain.CommandLine;
using Coxswain.Hosting;
using Coxswain.Verbs.Images;

namespace Coxswain.Verbs;

/// <summary><c>coxswain addons list|enable|disable</c>.</summary>
internal static class AddonsCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static Command Create() => new("addons", "List, enable and disable what a cluster can have besides") { List(), Enable(), Disable() };

    private static Command List()
    {
        var data = CommonOptions.DataDirectory();
        var command = new Command("list", "List add-ons and whether they are enabled") { data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            ServerState.Require(paths);
            using var client = AdminClient.Open(paths);
            var manager = new AddonManager(client, paths);
            Terminal.Out.WriteLine($"{"NAME",-12}{"STATUS",-12}DESCRIPTION");
            foreach (var addon in AddonCatalogue.All)
            {
                var status = await manager.IsEnabledAsync(addon, cancellationToken) ? "enabled" : "disabled";
                Terminal.Out.WriteLine($"{addon.Name,-12}{status,-12}{addon.Description}");
            }

            return 0;
        });
        return command;
    }

    private static Command Enable()
    {
        var name = Name();
        var data = CommonOptions.DataDirectory();
        var command = new Command("enable", "Enable an add-on and wait until it runs") { name, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var addon = Find(parsed.GetValue(name)!);
            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            ServerState.Require(paths);
            using var images = new CommandClient(paths.CommandSocket);
            foreach (var image in addon.Images)
            {
                string[] words = ["image", "bootstrap", "--tag", image.Tag, "--include", string.Join(',', image.Packages)];
                if (await images.RunAsync(CommandRequest.Ours() with { Arguments = words }, input: null, cancellationToken) is not 0 and var code)
                {
                    return code;
                }
            }

            using var client = AdminClient.Open(paths);
            var manager = new AddonManager(client, paths);
            await manager.ApplyAsync(addon, cancellationToken);
            Terminal.Out.WriteLine($"Waiting for {addon.Name} to run.");
            try
            {
                await manager.WaitUntilReadyAsync(addon, cancellationToken).WaitAsync(Patience, TimeProvider.System, cancellationToken);
            }
            catch (TimeoutException exception)
            {
                throw new CommandFailure(
                    $"{addon.Name} is enabled but does not run yet; see 'kubectl -n kube-system describe deployment {addon.Deployment}'", exception);
            }

            Terminal.Out.WriteLine($"The add-on {addon.Name} is enabled.");
            return 0;
        });
        return command;
    }

    private static Command Disable()
    {
        var name = Name();
        var data = CommonOptions.DataDirectory();
        var command = new Command("disable", "Disable an add-on") { name, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var addon = Find(parsed.GetValue(name)!);
            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            ServerState.Require(paths);
            using var client = AdminClient.Open(paths);
            await new AddonManager(client, paths).DeleteAsync(addon, cancellationToken);
            Terminal.Out.WriteLine($"The add-on {addon.Name} is disabled.");
            return 0;
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "Name of an add-on; see 'coxswain addons list'" };

    private static Addon Find(string name) => AddonCatalogue.Find(name) ?? throw new CommandFailure(
        $"there is no add-on \"{name}\"; there is {string.Join(", ", AddonCatalogue.All.Select(addon => addon.Name))}");
}
