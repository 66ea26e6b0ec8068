using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Resources;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// What is particular to a kind when it is written. This base is what most kinds need; kinds that differ override.
/// Documents are the caller's to change; <c>old</c> ones are not.
/// </summary>
internal class ResourceRules
{
    public static readonly ResourceRules Default = new();

    /// <summary>Whether metadata.generation counts the changes of everything but metadata and status.</summary>
    public virtual bool TracksGeneration => false;

    /// <summary>Whether a create begins without the status it was sent with.</summary>
    public virtual bool ResetsStatus => true;

    /// <summary>Whether an update may leave out the resourceVersion.</summary>
    public virtual bool AllowsUnconditionalUpdate => true;

    /// <summary>Whether an update of a name that does not exist creates it.</summary>
    public virtual bool AllowsCreateOnUpdate => false;

    /// <summary>
    /// Whether a create needs its namespace to be there. A review does not: its answer would tell those who may not know which
    /// namespaces there are.
    /// </summary>
    public virtual bool NeedsNamespace => true;

    /// <summary>What a writer is told when objects of the kind are kept and nothing else happens; empty otherwise.</summary>
    public virtual string Warning => "";

    /// <summary>The fields that selectors may name, beside metadata.name and metadata.namespace.</summary>
    public virtual IReadOnlyList<SelectableField> SelectableFields => [];

    /// <summary>Whether a write to the status subresource may change labels.</summary>
    public virtual bool StatusMayChangeLabels => false;

    /// <summary>Whether a delete answers with the object rather than with a Status.</summary>
    public virtual bool ReturnsDeletedObject => false;

    /// <summary>The finalizer a delete without a propagation policy adds; empty for none.</summary>
    public virtual string DefaultDeleteFinalizer => "";

    /// <summary>Whether metadata.generation counts changes of the status too, because whoever writes the object writes that.</summary>
    public virtual bool GenerationCountsStatus => false;

    /// <summary>What is wrong with a document that has its kind's shape and defaults.</summary>
    /// <param name="old">What it replaces; null for a create.</param>
    /// <param name="asked">The version it was written in, which may have been laxer.</param>
    public virtual IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked) => [];

    /// <summary>What the writer of a document should know although it is taken.</summary>
    public virtual IEnumerable<string> Warnings(JsonObject document) => [];

    public virtual void PrepareForCreate(JsonObject document)
    {
    }

    /// <summary>What a subresource of the kind's own may change; null for the object itself and for status, scale and binding.</summary>
    public virtual SubresourceScope? ScopeOf(string subresource) => null;

    /// <summary>Whether who writes the subresource owns what it changed.</summary>
    public virtual bool TracksOwnersOf(string subresource) => true;

    public virtual void PrepareForUpdate(JsonObject document, JsonObject old)
    {
    }

    /// <summary>After the status was taken into a copy of the old object.</summary>
    public virtual void PrepareForStatusUpdate(JsonObject document, JsonObject old)
    {
    }

    /// <summary>The name as tables show it.</summary>
    public virtual string NameCell(IKubeObject value) => value.Metadata.Name;

    /// <summary>All cells of a row, for kinds that bring their columns with them; null for the rest.</summary>
    public virtual object?[]? Cells(IKubeObject value, DateTimeOffset now) => null;

    /// <summary>A cell of the kind's own columns; null for none.</summary>
    public virtual object? Cell(IKubeObject value, string column, DateTimeOffset now) => null;

    /// <summary>Whether objects take something from a shared pool, which must not happen for one whose name is taken.</summary>
    public virtual bool Reserves => false;

    /// <summary>
    /// Reserves what the object needs from a shared pool (addresses, ports) and writes it into the document. The
    /// reservation is confirmed when the write succeeded and undone when it is disposed without.
    /// </summary>
    /// <param name="old">What is replaced; null for a create.</param>
    /// <param name="isDry">Say what would be taken, and take nothing.</param>
    public virtual ValueTask<IReservation?> ReserveAsync(JsonObject document, JsonObject? old, bool isDry, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReservation?>(null);

    /// <summary>The object is gone: give back what was reserved for it.</summary>
    public virtual ValueTask ReleasedAsync(JsonObject old, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>How long the object may take to end before it is removed; null when it is removed at once.</summary>
    public virtual long? GracePeriodSeconds(JsonObject document, long? requested) => null;

    /// <summary>What a kind changes on an object whose deletion has begun.</summary>
    public virtual void DeletionBegan(JsonObject document)
    {
    }

    /// <summary>Whether something besides metadata.finalizers keeps a deleted object.</summary>
    public virtual bool HoldsDeletion(JsonObject document) => false;
}

/// <summary>Something taken from a pool for an object that is not written yet.</summary>
internal interface IReservation : IAsyncDisposable
{
    ValueTask ConfirmAsync();
}
