namespace Coxswain.Cel.Evaluation;

/// <summary>Ends an evaluation from any depth of it.</summary>
internal sealed class CostExceededException : Exception;
