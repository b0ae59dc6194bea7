-- The scores that no mark can have by the present clock, up to '(+inf': needs now_ms and horizon_ms.
local beyond = string.format('(%.0f', now_ms + horizon_ms)
