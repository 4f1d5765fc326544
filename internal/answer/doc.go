// Package answer turns what was read into the results that schemas describes: times in the question's zone, log text cleaned, secrets
// masked, lists cut to what a model can take, each with its total. It also puts errors into words. Tools and resources share it, so that
// both say the same. It knows neither MCP nor HTTP.
package answer
