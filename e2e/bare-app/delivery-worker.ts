import { deliverAfterLastTab } from '@MaiaOS/kernel/worker';

deliverAfterLastTab();
