/**
 * What a person can meet and mend: one sentence, shown without a stack.
 * @param {string} sentence @param {{ cause?: unknown }} [options]
 */
export function createExpectedError(sentence, options) {
  return Object.assign(new Error(sentence, options), { name: 'ExpectedError' });
}

/** Says on standard error why a command ends; a bug comes with its stack. @param {unknown} error */
export function printError(error) {
  console.error(isExpected(error) ? error.message : error);
}

/** @param {unknown} error @returns {error is Error} */
function isExpected(error) {
  if (!(error instanceof Error)) return false;
  const fromParseArgs = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
  return fromParseArgs || error.name === 'ExpectedError' || error.name === 'KernelError';
}
