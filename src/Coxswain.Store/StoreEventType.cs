namespace Coxswain.Store;

public enum StoreEventType
{
    Created,
    Updated,
    Deleted,
}
