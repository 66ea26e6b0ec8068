namespace Coxswain.Store.Tests.Model;

/// <summary>One random thing to do to a store and to its model.</summary>
/// <param name="Kind">Which: see <see cref="ModelRun"/>.</param>
/// <param name="Key">A number that becomes a key or a revision.</param>
public readonly record struct Step(int Kind, int Key);
