import "../forms.js";
import { startMoves } from "./moves.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";
import { startUnsent } from "./unsent.js";
import { startWorker } from "./worker.js";

startReport(document);
startMoves();
startUnsent(document);
startQueueList(document);
startQueue();
startWorker();
