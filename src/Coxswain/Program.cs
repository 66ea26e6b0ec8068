using Coxswain.CommandLine;

return await CoxswainCommand.RunAsync(args);
