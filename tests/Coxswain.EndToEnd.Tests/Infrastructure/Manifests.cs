namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>Manifests that several stories apply.</summary>
public static class Manifests
{
    public static string WebDeployment(string name = "web", int replicas = 2, string image = Cluster.WebImage) => $"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {name}
          labels:
            app: {name}
        spec:
          replicas: {replicas}
          selector:
            matchLabels:
              app: {name}
          template:
            metadata:
              labels:
                app: {name}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: web
                image: {image}
                ports:
                - containerPort: 8080
        """;

    /// <summary>A Pod whose one container runs a shell line.</summary>
    public static string ShellPod(string name, string script, string extra = "", string podExtra = "") => $"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {name}
        spec:
          terminationGracePeriodSeconds: 1
          {podExtra}
          containers:
          - name: main
            image: {Cluster.BusyboxImage}
            command: ["sh", "-c", "{script}"]
            {extra}
        """;
}
