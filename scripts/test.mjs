// `npm test`: all checks and suites, on a fresh clone.
import { checkNode } from './check-node.mjs';

checkNode();
void import('./test-run.mjs').then(({ runTests }) => runTests());
