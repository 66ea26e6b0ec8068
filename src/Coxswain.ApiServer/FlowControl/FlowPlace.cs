namespace Coxswain.ApiServer.FlowControl;

/// <summary>Where requests of one FlowSchema go.</summary>
internal sealed record FlowPlace(FlowSchema Schema, PriorityLevel Level)
{
    public string SchemaUid => Schema.Uid;

    public string LevelUid => Level.Settings.Uid;

    /// <summary>Takes a seat, when there is one.</summary>
    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">There is none.</exception>
    public ValueTask<PriorityLevel.Seat> EnterAsync(in FlowRequest request, CancellationToken cancellationToken) => Level.EnterAsync(
        Schema, Schema.Distinguisher switch { "ByUser" => request.User.Name, "ByNamespace" => request.Namespace, _ => "" }, cancellationToken);
}
