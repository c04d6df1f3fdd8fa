// Everything the phone's pages do by themselves; each part starts where its data attribute stands.

import "../forms.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";
import { startWorker } from "./worker.js";

startReport(document);
startQueueList(document);
startQueue();
startWorker();
