<?php
namespace TicketMetadata\Bridges;

/**
 * A bridge that can tell since when this PHP request knows what remembered() answers. Optional: without it, that may be since the
 * plugin was loaded. The later it is, the seldomer another page can have come in between.
 */
interface TellsSinceWhen {

	/**
	 * @param int $id of a ticket that remembered() has answered
	 * @return float what was committed before that is in the answer; in ms of the monotonic clock, hrtime()
	 */
	public function knownSince( int $id ): float;
}
