using Coxswain.Workloads;

if (args is not [var kubeconfig, var name, .. var rest])
{
    Console.Error.WriteLine("usage: Coxswain.Workloads KUBECONFIG creates|gets|statuses|list|watchers|latency|fill|pods|deployments|streams [SECONDS|COUNT|IMAGE]");
    return 2;
}

var target = Target.FromKubeconfig(kubeconfig);
var number = rest.Length > 0 && int.TryParse(rest[0], out var given) ? given : 0;
await (name switch
{
    "creates" => ConfigMapCreates.RunAsync(target, clients: 16, seconds: number is 0 ? 5 : number),
    "gets" => ConfigMapGets.RunAsync(target, clients: 16, seconds: number is 0 ? 5 : number),
    "statuses" => PodStatuses.RunAsync(target, clients: 16, seconds: number is 0 ? 5 : number),
    "list" => PodList.RunAsync(target, rounds: number is 0 ? 10 : number),
    "watchers" => Watchers.RunThroughputAsync(target, seconds: number is 0 ? 5 : number),
    "latency" => Watchers.RunLatencyAsync(target, seconds: number is 0 ? 8 : number),
    "fill" => Fill.RunAsync(target),
    "pods" => PodLatency.RunAsync(target, rest.Length > 0 ? rest[0] : "bench:v1", rounds: rest.Length > 1 ? int.Parse(rest[1]) : 20),
    "deployments" => Deployments.RunAsync(target, rest.Length > 0 ? rest[0] : "bench:v1", rounds: rest.Length > 1 ? int.Parse(rest[1]) : 5),
    "streams" => PodStreams.RunAsync(target, rest.Length > 0 ? rest[0] : "bench:v1", rounds: rest.Length > 1 ? int.Parse(rest[1]) : 50),
    _ => throw new ArgumentException($"there is no workload \"{name}\""),
});
return 0;
