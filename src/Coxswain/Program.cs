using Coxswain.Verbs;

return await CoxswainCommand.RunAsync(args);
