import { silentLogger } from '../../../src/base/logger.ts';
import { lockDirectory } from '../../../src/relay/database/directory/directory-lock.ts';

// A process that holds the lock of the directory in its argument.
await lockDirectory(process.argv[2] ?? '', silentLogger);
console.log('locked');
