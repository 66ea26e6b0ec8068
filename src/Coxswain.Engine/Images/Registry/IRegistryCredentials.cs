namespace Coxswain.Engine.Images.Registry;

/// <summary>Who we are at which registry.</summary>
public interface IRegistryCredentials
{
    /// <summary>Null to go as nobody.</summary>
    /// <param name="domain">As in a full reference: <c>docker.io</c>, <c>ghcr.io</c>, <c>localhost:5000</c>.</param>
    /// <exception cref="ImageException">They are kept where we cannot get them.</exception>
    RegistryCredentials? Find(string domain);
}
