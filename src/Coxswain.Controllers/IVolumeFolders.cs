namespace Coxswain.Controllers;

/// <summary>Where the built-in provisioner keeps what volumes hold. A controller reaches no disk by itself.</summary>
public interface IVolumeFolders
{
    string PathOf(string name);

    /// <summary>Makes an empty folder that every user may write to; one that is there already stays as it is.</summary>
    void Create(string name);

    /// <summary>Removes the folder with all it holds; one that is not there is no failure.</summary>
    void Remove(string name);
}
