/** A mistake in how the command was used. Its message is one sentence for the user. */
export class CommandError extends Error {}
