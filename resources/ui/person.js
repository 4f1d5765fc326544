/**
 * The view of get_actor_activity.
 */
import { profile } from "./profile.js";
import { start } from "./view.js";

start("person", { tool: "get_actor_activity", draw: profile });
