namespace Coxswain.Api.Schemata;

/// <summary>What another part has worked out from a schema and keeps with it, so that it is worked out once.</summary>
internal interface ISchemaPlan;
