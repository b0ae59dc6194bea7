<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Deadline;

/** Several calls that together take no longer than a page may wait. */
final class DeadlineTest extends PluginTestCase {

	public function testACallHasWhatIsLeft(): void {
		$transport = new ScriptedTransport( Answer::fromHttp( 200, [], '{}' ) );
		$client    = $this->clientBy( $transport, [ 'timeout_ms' => 500 ] );
		$client->by( Deadline::in( 100 ) )->get( 7 );
		$client->by( Deadline::in( 10000 ) )->get( 7 );
		$client->get( 7 );
		[ $short, $long, $without ] = array_column( $transport->sent, 1 );
		self::assertLessThanOrEqual( 100, $short );
		self::assertGreaterThan( 0, $short );
		self::assertSame( [ 500, 500 ], [ $long, $without ] );
	}

	public function testWhenItIsOverNothingIsSentAndTheServiceIsNotToBlame(): void {
		$transport = new ScriptedTransport( Answer::fromHttp( 200, [], '{}' ) );
		$answer    = $this->clientBy( $transport )->by( Deadline::in( 0 ) )->get( 7 );
		self::assertFailed( 'out_of_time', $answer );
		self::assertFalse( $answer->isUnavailable() );
		self::assertSame( [], $transport->sent );
	}
}
